// Which secrets a session refers to, and what is missing of them. Values pass through here and are never kept.
import { oncePer } from '../../api/once.ts';
import type { Session } from '../../api/types.generated.ts';

export type SecretData = Readonly<Record<string, string>>;

export const secretNames = ({ spec }: Session): readonly string[] => namesIn(spec);

const namesIn = oncePer((spec: Session['spec']): readonly string[] => [
  ...new Set([
    ...(spec.env ?? []).flatMap(({ secretRef }) => (secretRef ? [secretRef.name] : [])),
    ...(spec.source?.git?.secretRef ? [spec.source.git.secretRef.name] : []),
  ]),
]);

/** One line saying what is missing and how to mend it; undefined when all is there. */
export const missingSecret = (session: Session, find: (name: string) => SecretData | undefined): string | undefined => {
  for (const name of secretNames(session)) {
    if (!find(name))
      return `there is no secret ${name} in namespace ${session.metadata.namespace}: create it with "berth secret set ${name} KEY"`;
  }
  for (const { secretRef } of session.spec.env ?? []) {
    if (secretRef && find(secretRef.name)?.[secretRef.key] === undefined) {
      return `secret ${secretRef.name} has no key ${secretRef.key}: add it with "berth secret set ${secretRef.name} ${secretRef.key}"`;
    }
  }
  return undefined;
};

export const secretEnv = (session: Session, find: (name: string) => SecretData | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (session.spec.env ?? []).flatMap(({ name, secretRef }): [string, string][] => {
      const value = secretRef && find(secretRef.name)?.[secretRef.key];
      return value === undefined ? [] : [[name, value]];
    }),
  );
