// The part of a structural CRD schema that Berth's own schemas use, as crds/generate.ts writes it.

export interface Schema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly format?: 'int32' | 'int64' | 'date-time';
  readonly pattern?: string;
  /** In characters (Unicode code points). */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly Rule[];
}

/** The schema of a whole kind. */
export interface KindSchema extends Schema {
  readonly properties: Readonly<Record<string, Schema>> & { readonly spec: Schema; readonly status: Schema };
}

/** A CEL expression that must be true; one that names `oldSelf` is a transition rule, checked on updates alone. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  /** Where the error is reported, relative to the node that carries the rule; absent = at that node. */
  readonly fieldPath?: string;
}

export type Fields = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
