// Looking into JSON that somebody sent: nothing is believed to be there.

export type JSONObject = { [name: string]: unknown };

export const isObject = (value: unknown): value is JSONObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Names as in a path; undefined where the way ends. */
export const dig = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((inner, name) => {
    if (Array.isArray(inner)) return inner[Number(name)];
    return isObject(inner) ? inner[name] : undefined;
  }, value);

export const object = (value: unknown): JSONObject => (isObject(value) ? value : {});
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
export const stringMap = (value: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(object(value)).flatMap(([name, item]) => (typeof item === 'string' ? [[name, item]] : [])));

/** As Azure compares places: "West US 3" is westus3. */
export const foldLocation = (name: string): string => name.toLowerCase().replaceAll(' ', '');
