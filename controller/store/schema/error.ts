// What is wrong with one field, in the words of the API server (k8s.io/apimachinery field.Error and kube-openapi).

export interface FieldError {
  readonly type: 'Unknown' | 'Unreadable' | 'Required' | 'Duplicate' | 'Invalid' | 'NotSupported' | 'TooLong' | 'TooMany' | 'TypeInvalid';
  /** As in messages: `spec.env[0].name`. */
  readonly path: string;
  readonly message: string;
}

/** With one of these the API server does not go on to the CEL rules. */
const BLOCKING: ReadonlySet<FieldError['type']> = new Set(['Required', 'NotSupported', 'TooLong', 'TooMany', 'TypeInvalid']);

export const isBlocking = (error: FieldError): boolean => BLOCKING.has(error.type);

/** One line for one error, as the API server prints it. */
export const errorLine = ({ type, path, message }: FieldError): string =>
  type === 'Unknown' || type === 'Unreadable' ? message : `${path}: ${message}`;

export const required = (path: string, detail = ''): FieldError => ({
  type: 'Required',
  path,
  message: detail === '' ? 'Required value' : `Required value: ${detail}`,
});

export const invalid = (path: string, value: unknown, detail: string): FieldError => ({
  type: 'Invalid',
  path,
  message: `Invalid value: ${printed(value)}: ${detail}`,
});

/** A broken CEL rule: the value is too large to repeat. */
export const brokenRule = (path: string, message: string): FieldError => ({ type: 'Invalid', path, message: `Invalid value: ${message}` });

export const wrongType = (path: string, wanted: string, found: string): FieldError => ({
  type: 'TypeInvalid',
  path,
  message: `Invalid value: "${found}": ${path} in body must be of type ${wanted}: "${found}"`,
});

export const wrongFormat = (path: string, value: string, format: string): FieldError => ({
  type: 'TypeInvalid',
  path,
  message: `Invalid value: ${printed(value)}: ${path} in body must be of type ${format}: ${printed(value)}`,
});

export const notSupported = (path: string, value: unknown, supported: readonly string[]): FieldError => ({
  type: 'NotSupported',
  path,
  message: `Unsupported value: ${printed(value)}: supported values: ${supported.map(printed).join(', ')}`,
});

/** The API server counts characters and says bytes. */
export const tooLong = (path: string, limit: number): FieldError => ({
  type: 'TooLong',
  path,
  message: `Too long: may not be more than ${limit} bytes`,
});

export const tooMany = (path: string, count: number, limit: number): FieldError => ({
  type: 'TooMany',
  path,
  message: `Too many: ${count}: must have at most ${limit} items`,
});

export const duplicate = (path: string, value: unknown): FieldError => ({
  type: 'Duplicate',
  path,
  message: `Duplicate value: ${printed(value)}`,
});

/** As Go's %q for strings; anything else as JSON. */
function printed(value: unknown): string {
  const text = JSON.stringify(value);
  if (typeof value !== 'string') return text;
  return text.replace(/(\\\\)|\\u00([01][0-9a-f])|\u007f/g, (match, backslash: string | undefined, code: string | undefined) => {
    if (backslash) return backslash;
    if (code === '07') return '\\a';
    if (code === '0b') return '\\v';
    return code ? `\\x${code}` : match === '\u007f' ? '\\x7f' : match;
  });
}
