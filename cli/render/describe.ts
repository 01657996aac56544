// `berth describe` and `berth events`: one object in full, and what happened to it.
import type { Resource } from '../../controller/api/object.ts';
import type { StoredEvent } from '../../controller/store/client.ts';
import { age, oneLine, table } from './text.ts';

/** `body` is the object's spec and status, already written out. */
export const description = (object: Resource, body: string, events: readonly StoredEvent[], now: number): string => {
  const { metadata } = object;
  const fields = [
    ['Name:', metadata.name],
    ['Namespace:', metadata.namespace],
    ['Labels:', pairs(metadata.labels)],
    ['Annotations:', pairs(metadata.annotations)],
    ['Kind:', object.kind],
    ['UID:', metadata.uid],
    ['Generation:', String(metadata.generation)],
    ['Created:', `${metadata.creationTimestamp} (${age(metadata.creationTimestamp, now)} ago)`],
    ...(metadata.deletionTimestamp === undefined ? [] : [['Deleting:', `since ${metadata.deletionTimestamp}`]]),
  ];
  const head = fields.map(([name = '', value = '']) => `${name.padEnd(14)}${value}\n`).join('');
  return `${head}${body}Events:${events.length === 0 ? '        <none>\n' : `\n${eventTable(events, now).replace(/^/gm, '  ').trimEnd()}\n`}`;
};

const pairs = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(map ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(', ') || '<none>';

/** Oldest first, as kubectl prints them. */
export const eventTable = (events: readonly StoredEvent[], now: number): string =>
  table(
    ['LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'].map((title) => ({ title })),
    [...events]
      .sort((a, b) => a.lastTime.localeCompare(b.lastTime))
      .map((event) => [
        age(event.lastTime, now),
        event.type,
        event.reason,
        `${event.kind.toLowerCase()}/${event.name}`,
        `${oneLine(event.message)}${event.count > 1 ? ` (x${event.count})` : ''}`,
      ]),
  );
