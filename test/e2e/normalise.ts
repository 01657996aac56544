// Output with what differs from run to run as the tutorial prints it: ids, VM names, ages and times, in columns as wide.

export const ID = 'sess-20251202-083022-a1b';
export const VM = 'amplihack-azureuser-20251202-083000';

export const normalise = (text: string): string =>
  text
    .replace(/sess-\d{8}-\d{6}-[a-z0-9]{3}/g, ID)
    .replace(/^(\S+ +)default-\d+ {23}/gm, `$1${VM.slice(0, 28)}... `)
    .replace(/\bdefault-\d+\b/g, VM)
    .replace(/\b\d+[smhd] {2,}(?=\S)/g, '2m      ')
    .replace(/^( +Age: )\d+[smhd]$/gm, '$110m')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '2025-12-02 08:32:45')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '2025-12-02T08:30:22Z')
    .replace(/ +$/gm, '');

/** The ids in a text, in order, each once. */
export const idsIn = (text: string): readonly string[] => [...new Set(text.match(/sess-\d{8}-\d{6}-[a-z0-9]{3}/g) ?? [])];
