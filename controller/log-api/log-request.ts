// Which session's output is asked for, and what part of it. Pure.
import type { ObjectKey } from '../api/object.ts';
import { OUTPUT_GROUP, type Refusal } from './status.ts';

export interface LogRequest {
  readonly key: ObjectKey;
  /** Of the first byte; lost ranges count. */
  readonly offset: number;
  /** Bytes of what follows `offset` that the reader has already: how one who was cut off goes on, over lost ranges as well. */
  readonly skip: number;
  /** At most so many bytes; all unless set. */
  readonly limit: number | undefined;
  /** To the end of the session, as it is written. */
  readonly follow: boolean;
}

const PATH = new RegExp(`^/apis/${OUTPUT_GROUP.replaceAll('.', '\\.')}/v1alpha1/namespaces/([^/]+)/sessions/([^/]+)/log$`);
/** As Kubernetes' own names: what comes of them is used in paths. */
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

export const parseLogRequest = ({ pathname, searchParams }: URL): LogRequest | Refusal => {
  const [, namespace, name] = PATH.exec(pathname) ?? [];
  if (namespace === undefined || name === undefined || !NAME.test(namespace) || !NAME.test(name))
    return { code: 404, message: 'the server could not find the requested resource' };
  const offset = count(searchParams, 'offset');
  const skip = count(searchParams, 'skip');
  const limit = count(searchParams, 'limit');
  const follow = flag(searchParams, 'follow');
  for (const value of [offset, skip, limit, follow]) if (typeof value === 'string') return { code: 400, message: value, session: name };
  return {
    key: { namespace, name },
    offset: Number(offset ?? 0),
    skip: Number(skip ?? 0),
    limit: limit === undefined ? undefined : Number(limit),
    follow: follow === true,
  };
};

/** A string says what is wrong with it. */
const count = (parameters: URLSearchParams, name: string): number | string | undefined => {
  const text = parameters.get(name);
  if (text === null || text === '') return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : `${name} is ${JSON.stringify(text)}, not a number of bytes`;
};

const flag = (parameters: URLSearchParams, name: string): boolean | string | undefined => {
  const text = parameters.get(name);
  if (text === null) return undefined;
  // As Go's strconv.ParseBool, which reads every other flag of an API server; `?follow` alone means yes.
  if (['', '1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  return `${name} is ${JSON.stringify(text)}, not true or false`;
};
