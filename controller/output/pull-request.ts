// Finds the address of the pull request a session made, in its output as it arrives. Pure.

const CARRY_BYTES = 1024;
const MARKS = ['/pull/', '/merge_requests/'];
const URLS = /https:\/\/[\w.-]+(?::\d+)?\/(?:[\w.-]+\/[\w.-]+\/pull|[\w./-]+\/-\/merge_requests)\/\d+/g;
const READY = /\b(PR|pull request|MR|merge request)\b.*\bready\b/i;

export interface PullRequestScan {
  /** The last address on a line that says so ("PR #45 ready for merge: …"). */
  readonly ready?: string;
  readonly last?: string;
  /** The end of what was scanned: an address may lie across two appends. */
  readonly carry: Uint8Array;
}

export const NOTHING_SCANNED: PullRequestScan = { carry: new Uint8Array(0) };

export const pullRequestURL = (scan: PullRequestScan): string | undefined => scan.ready ?? scan.last;

export const scanForPullRequest = (scan: PullRequestScan, bytes: Uint8Array): PullRequestScan => {
  const seam = Buffer.concat([scan.carry, bytes.subarray(0, CARRY_BYTES)]);
  const carry = bytes.length < CARRY_BYTES ? Buffer.from(seam.subarray(-CARRY_BYTES)) : Buffer.from(bytes.subarray(-CARRY_BYTES));
  if (!isMarked(seam) && !isMarked(bytes)) return { ...scan, carry };
  let { ready, last } = scan;
  const text = Buffer.concat([scan.carry, bytes]).toString('latin1');
  for (const line of text.split('\n')) {
    const url = line.match(URLS)?.at(-1);
    if (url === undefined) continue;
    last = url;
    if (READY.test(line)) ready = url;
  }
  return { carry, ...(ready === undefined ? {} : { ready }), ...(last === undefined ? {} : { last }) };
};

/** Without copying: most output has no address in it. */
const isMarked = ({ buffer, byteOffset, byteLength }: Uint8Array): boolean => {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return MARKS.some((mark) => bytes.includes(mark));
};
