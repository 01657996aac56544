// A session's output as far as its status shows it, the last 4 KiB: what can be read where the API server does not serve
// whole logs. Offsets count from the beginning of the tail as it was when first read.
import type { Session } from '../../api/types.generated.ts';
import type { LogReader } from '../../output/log-store.ts';
import type { Change } from '../store.ts';

export interface TailSource {
  get(): Promise<Session | undefined>;
  watch(signal: AbortSignal): AsyncIterable<Change<'Session'>>;
}

export const tailReader = (session: Session, source: TailSource): LogReader => {
  let text = tailOf(session);
  const refresh = (now: Session | undefined): void => {
    if (now?.metadata.uid === session.metadata.uid) text = continued(text, tailOf(now));
  };
  const bytesFrom = (offset: number): Buffer => Buffer.from(text).subarray(offset);
  return {
    notice: 'Only the end of the output, as the status shows it: this cluster does not serve whole logs (output.berth.dev).',
    size: async () => {
      refresh(await source.get());
      return bytesFrom(0).length;
    },
    read: async function* (offset) {
      const bytes = bytesFrom(offset);
      if (bytes.length > 0) yield bytes;
    },
    follow: async function* (offset, signal) {
      let at = offset;
      for await (const change of source.watch(signal)) {
        if (change.type === 'put' && change.object.metadata.name === session.metadata.name) refresh(change.object);
        const bytes = bytesFrom(at);
        at += bytes.length;
        if (bytes.length > 0) yield bytes;
      }
    },
  };
};

const tailOf = ({ status }: Session): string => status?.output?.tail ?? '';

/** What is known, and what of the newer tail goes beyond it. A tail that has no part in common with it follows as it is. */
const continued = (known: string, tail: string): string => {
  for (let length = Math.min(known.length, tail.length); length > 0; length -= 1) {
    if (known.endsWith(tail.slice(0, length))) return known + tail.slice(length);
  }
  return known + tail;
};
