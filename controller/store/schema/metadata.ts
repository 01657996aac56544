// What the API server asks of an object's metadata (apimachinery's ValidateObjectMeta), for the part that people write.
import { type FieldError, invalid, required } from './error.ts';
import { isObject } from './node.ts';
import { unknownField } from './unknown.ts';

/** ObjectMeta's fields by type. Those that the system sets are accepted in a manifest, and ignored. */
const FIELDS: Readonly<Record<string, 'string' | 'number' | 'strings' | 'array'>> = {
  name: 'string',
  generateName: 'string',
  namespace: 'string',
  selfLink: 'string',
  uid: 'string',
  resourceVersion: 'string',
  generation: 'number',
  creationTimestamp: 'string',
  deletionTimestamp: 'string',
  deletionGracePeriodSeconds: 'number',
  labels: 'strings',
  annotations: 'strings',
  ownerReferences: 'array',
  finalizers: 'array',
  managedFields: 'array',
};

/** What keeps metadata from being read at all: unknown fields, and values of another type. */
export function unreadableMetadata(metadata: unknown): readonly FieldError[] {
  if (metadata === undefined || metadata === null) return [];
  if (!isObject(metadata)) return [unreadable('metadata', metadata, 'v1.ObjectMeta', '')];
  return Object.entries(metadata).flatMap(([name, value]) => {
    const type = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (type === undefined) return [unknownField(`metadata.${name}`, name, Object.keys(FIELDS))];
    if (value === null) return [];
    if (type === 'array') return Array.isArray(value) ? [] : [unreadable(`metadata.${name}`, value, 'array', name)];
    if (type !== 'strings') return typeof value === type ? [] : [unreadable(`metadata.${name}`, value, type, name)];
    if (!isObject(value)) return [unreadable(`metadata.${name}`, value, 'map[string]string', name)];
    const wrong = Object.entries(value).find(([, text]) => typeof text !== 'string' && text !== null);
    return wrong ? [unreadable(`metadata.${name}.${wrong[0]}`, wrong[1], 'string', name)] : [];
  });
}

/** In Go's words, since it is Go's JSON decoder that refuses. */
function unreadable(path: string, value: unknown, wanted: string, field: string): FieldError {
  const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const into = field === '' ? `value of type ${wanted}` : `struct field ObjectMeta.${field} of type ${wanted}`;
  return { type: 'Unreadable', path, message: `json: cannot unmarshal ${found} into Go ${into}` };
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const SUBDOMAIN_HELP =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_HELP =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const PART = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const NAME_HELP =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_HELP =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

type Strings = Readonly<Record<string, string>>;

export interface UserMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Strings;
  readonly annotations?: Strings;
}

export function metadataErrors({ name, namespace, labels = {}, annotations = {} }: UserMetadata): readonly FieldError[] {
  return [
    ...nameErrors(name),
    ...(namespace.length <= 63 && LABEL.test(namespace) ? [] : [invalid('metadata.namespace', namespace, LABEL_HELP)]),
    ...Object.entries(labels).flatMap(([key, value]) => [...keyErrors('metadata.labels', key), ...labelValueErrors(value)]),
    ...Object.keys(annotations).flatMap((key) => keyErrors('metadata.annotations', key.toLowerCase(), key)),
  ];
}

function nameErrors(name: string): readonly FieldError[] {
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  if (name.length > 253) return [invalid('metadata.name', name, 'must be no more than 253 characters')];
  return SUBDOMAIN.test(name) ? [] : [invalid('metadata.name', name, SUBDOMAIN_HELP)];
}

function keyErrors(path: string, key: string, shown = key): readonly FieldError[] {
  const slash = key.lastIndexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const part = key.slice(slash + 1);
  if (prefix !== undefined && !SUBDOMAIN.test(prefix)) return [invalid(path, shown, `prefix part ${SUBDOMAIN_HELP}`)];
  if (part.length > 63) return [invalid(path, shown, 'name part must be no more than 63 characters')];
  return PART.test(part) ? [] : [invalid(path, shown, NAME_HELP)];
}

function labelValueErrors(value: string): readonly FieldError[] {
  if (value.length > 63) return [invalid('metadata.labels', value, 'must be no more than 63 characters')];
  return value === '' || PART.test(value) ? [] : [invalid('metadata.labels', value, VALUE_HELP)];
}
