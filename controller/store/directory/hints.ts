// Turns events into what is to be looked at: single files where nothing but their content matters, else everything.
import { type BigIntStats, lstatSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../api/clock.ts';
import { isForeignMarker, isManifestName, type Scan } from './scan.ts';
import { signatureOf } from './signature.ts';
import type { Sources } from './sources.ts';

export interface Hints {
  /** `path` is below the root. */
  onEvent(path: string, isFolder: boolean): void;
  /** Looks at the files that events named. */
  lookAtTouched(): void;
  /** Everything was looked at. */
  scanned(scan: Scan): void;
  readonly hasTouched: boolean;
  clear(): void;
}

export interface HintsOptions {
  readonly root: string;
  readonly sources: Sources;
  readonly clock: Clock;
  readonly onHint: () => void;
  /** Single looks will not do. */
  readonly onFull: () => void;
}

const MANY_TOUCHED = 500;

export const createHints = ({ root, sources, clock, onHint, onFull }: HintsOptions): Hints => {
  const touched = new Set<string>();
  let lastScan: Scan | undefined;

  const onEvent = (path: string, isFolder: boolean): void => {
    const name = basename(path);
    if (isFolder || name.startsWith('.') || isForeignMarker(name)) onFull();
    else if (!isManifestName(name)) return;
    else if (touched.size >= MANY_TOUCHED || !isPlainly(path, lastScan, sources.has(path))) onFull();
    else if (glance(path) !== 'odd') touched.add(path);
    onHint();
  };
  /** The first look at a file that settles. */
  const glance = (path: string): 'file' | 'gone' | 'odd' => {
    const stats = statsOf(join(root, path));
    if (!stats) return 'gone';
    if (stats === 'hidden' || !stats.isFile()) {
      onFull();
      return 'odd';
    }
    sources.observe(path, signatureOf(stats), clock.monotonic());
    return 'file';
  };

  return {
    onEvent,
    get hasTouched() {
      return touched.size > 0;
    },
    clear: () => touched.clear(),
    scanned: (scan) => {
      lastScan = scan;
    },
    lookAtTouched: () => {
      for (const path of touched) if (glance(path) === 'gone') sources.forget(path);
      touched.clear();
    },
  };
};

/** `hidden`: in a folder that may not be looked into any more, so that nothing is known of it. */
const statsOf = (path: string): BigIntStats | 'hidden' | undefined => {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return 'hidden';
  }
};

/** Nothing but its own content says whether such a file counts. */
const isPlainly = (path: string, last: Scan | undefined, isKnown: boolean): boolean => {
  const folder = dirname(path) === '.' ? '' : dirname(path);
  return isKnown || (last?.folders.has(folder) === true && !last.hasIgnores && !last.unreadable.includes(path));
};
