// How a test file says that it leaves something out, and why: the runner repeats both at the end, so that nobody overlooks it.

/** What the runner looks for at the start of a line; the rest of the line is a Skip as JSON. */
export const skipMarker = '@skip ';

export interface Skip {
  readonly name: string;
  readonly reason: string;
}

/** Call it instead of declaring the test, e.g. `skip('renders a QR code', 'qrencode is not installed')`. */
export function skip(name: string, reason: string): void {
  process.stdout.write(`\n${skipMarker}${JSON.stringify({ name, reason })}\n`);
}
