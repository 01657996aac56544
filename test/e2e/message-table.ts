// What people are told for each input, for whoever wants to read it all at once: BERTH_MESSAGE_TABLE names a file.
import { appendFileSync } from 'node:fs';

export const note = (input: string, message: string): void => {
  const path = process.env.BERTH_MESSAGE_TABLE;
  if (path !== undefined) appendFileSync(path, `| ${input} | ${message.replaceAll('|', '\\|')} |\n`);
};
