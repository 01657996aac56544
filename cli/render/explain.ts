// `berth explain`: a field, its type and what it means, as kubectl writes it.
import { API_VERSION, type Kind } from '../../controller/api/object.ts';
import type { ExplainedField, Explanation } from '../../controller/store/schema/explain.ts';

const WIDTH = 78;

export const explainText = (kind: Kind, path: string, explanation: Explanation): string =>
  [
    `KIND:     ${kind}`,
    `VERSION:  ${API_VERSION}`,
    '',
    ...(path === '' ? [] : [`FIELD:    ${heading(explanation)}`, '']),
    'DESCRIPTION:',
    wrap(explanation.description, 4),
    ...values(explanation, 4),
    ...(explanation.fields.length === 0 ? [] : ['', 'FIELDS:', explanation.fields.map(fieldText).join('\n\n')]),
    '',
  ].join('\n');

const heading = ({ name, type, required }: ExplainedField): string => `${name} <${type}>${required ? ' -required-' : ''}`;

const fieldText = (field: ExplainedField): string =>
  [`  ${heading(field)}`, ...(field.description === '' ? [] : [wrap(field.description, 4)]), ...values(field, 4)].join('\n');

const values = (field: ExplainedField, indent: number): readonly string[] =>
  field.enum ? [wrap(`One of: ${field.enum.join(', ')}`, indent)] : [];

const wrap = (text: string, indent: number): string => {
  const margin = ' '.repeat(indent);
  const lines: string[] = [];
  let line = margin;
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length + 1 > WIDTH && line !== margin) {
      lines.push(line);
      line = margin;
    }
    line = line === margin ? margin + word : `${line} ${word}`;
  }
  return [...lines, line].join('\n').trimEnd();
};
