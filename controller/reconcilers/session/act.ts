// Makes one change of a session's decision.
import { parseTime } from '../../api/clock.ts';
import { OperatorError } from '../../api/error.ts';
import { type Kinds, keyOf } from '../../api/object.ts';
import type { LogName, LogStore } from '../../output/log-store.ts';
import { commandLine } from '../../session/agents.ts';
import type { Host, Hosts, LaunchSpec, RunID } from '../../session/host.ts';
import type { Store } from '../../store/store.ts';
import { addFinalizer, removeFinalizer } from '../ownership.ts';
import { memoryOf } from './facts.ts';
import type { SessionAction, SessionObserved } from './model.ts';
import { missingSecret, type SecretData, secretEnv, secretNames } from './secrets.ts';

export interface SessionEffects {
  readonly store: Store;
  readonly hosts: Hosts;
  readonly logs: Pick<LogStore, 'begin'>;
}

export const createSessionAct =
  ({ store, hosts, logs }: SessionEffects) =>
  async (action: SessionAction, observed: SessionObserved, signal: AbortSignal): Promise<Kinds['Session'] | undefined> => {
    const { session } = observed;
    const name: LogName = { ...keyOf(session), uid: session.metadata.uid };
    const run: RunID = { uid: session.metadata.uid, attempt: session.status?.attempt ?? 1 };
    switch (action.do) {
      case 'hold':
        return addFinalizer(store, 'Session', session);
      case 'release':
        await removeFinalizer(store, 'Session', session);
        return undefined;
      case 'expire':
        await store.delete('Session', { ...keyOf(session), uid: session.metadata.uid });
        return undefined;
      case 'launch':
        await hostOf(hosts, observed).launch(
          { ...run, ...(await launchSpec(store, observed)), ...(await placeInLog(logs, name, run)) },
          signal,
        );
        return undefined;
      case 'refuse':
        await hostOf(hosts, observed).refuse({ ...run, ...(await placeInLog(logs, name, run)) }, signal);
        return undefined;
      case 'stop':
        await hostOf(hosts, observed).stop(run, action.mode, signal);
        return undefined;
      case 'setDeadline':
        await hostOf(hosts, observed).setDeadline(run, action.deadline, signal);
        return undefined;
      case 'type':
        await hostOf(hosts, observed).type(run, action.input, signal);
        return undefined;
      case 'clean':
        await hostOf(hosts, observed).clean(run, signal);
        return undefined;
    }
  };

const hostOf = (hosts: Hosts, { session }: SessionObserved): Host => {
  const host = session.status?.vm && hosts.get(session.status.vm.uid);
  if (!host)
    throw new OperatorError('unavailable', `session ${session.metadata.name}: its VM ${session.status?.vm?.name ?? ''} is not connected`);
  return host;
};

/** A new attempt goes on where the log of those before it ends. */
const placeInLog = async (
  logs: SessionEffects['logs'],
  session: LogName,
  { attempt }: RunID,
): Promise<Pick<LaunchSpec, 'session' | 'logBase'>> => ({ session, logBase: await logs.begin({ ...session, attempt }) });

type Spec = Omit<LaunchSpec, keyof RunID | 'session' | 'logBase'>;

const launchSpec = async (store: Store, observed: SessionObserved): Promise<Spec> => {
  const { session, vm, now } = observed;
  const { spec, metadata } = session;
  const secrets = new Map<string, SecretData | undefined>();
  for (const name of secretNames(session)) secrets.set(name, await store.secret({ namespace: metadata.namespace, name }));
  const find = (name: string): SecretData | undefined => secrets.get(name);
  const problem = missingSecret(session, find);
  if (problem !== undefined) throw new OperatorError('unavailable', problem);
  const git = spec.source?.git;
  const credentials = git?.secretRef && find(git.secretRef.name);
  const started = session.status?.startTime;
  const seconds = spec.activeDeadlineSeconds;
  return {
    ...commandLine(spec),
    ...(spec.prompt === undefined ? {} : { prompt: spec.prompt }),
    env: Object.fromEntries((spec.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]))),
    secretEnv: secretEnv(session, find),
    ...(git ? { git: { url: git.url, ...(git.ref === undefined ? {} : { ref: git.ref }), ...(credentials ? { credentials } : {}) } } : {}),
    ...(seconds === undefined ? {} : { deadline: Math.floor((started === undefined ? now : parseTime(started)) / 1000) + seconds }),
    memoryMiB: memoryOf(session),
    capacity: { slots: vm?.spec.slots ?? 1, memoryMiB: vm?.status?.memoryMiB ?? Number.MAX_SAFE_INTEGER },
    maxOutputBytes: (spec.maxOutputMiB ?? 4096) * 1024 * 1024,
  };
};
