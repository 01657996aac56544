// Texts of manifests for end-to-end tests: sessions that run a shell script, and pools of this machine.

export const session = (name: string, script: string, more = ''): string =>
  `apiVersion: berth.dev/v1alpha1
kind: Session
metadata:
  name: ${name}
spec:
  command: [bash, -c, ${JSON.stringify(script)}]
${more}`;

export const prompted = (name: string, spec: string): string =>
  `apiVersion: berth.dev/v1alpha1
kind: Session
metadata:
  name: ${name}
spec:
${spec}
`;

export const pool = (name: string, more = ''): string =>
  `apiVersion: berth.dev/v1alpha1
kind: VMPool
metadata:
  name: ${name}
spec:
  provider: {type: Local}
  sizes: [{name: l}]
${more}`;

/** Prints a line whenever it gets a byte's worth of time, until somebody ends it. */
export const TICKING = 'for ((i = 1; ; i++)); do echo "tick $i"; sleep 0.2; done';
