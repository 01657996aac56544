// What Argo CD makes of an object of ours: the shipped health.lua, run by a real Lua interpreter.
import { readFileSync } from 'node:fs';
import { LuaFactory } from 'wasmoon';
import { type KStatus, kstatus, type Observable } from './kstatus.ts';

export interface Health {
  readonly status: 'Healthy' | 'Progressing' | 'Degraded' | 'Suspended';
  readonly message: string;
}

const SCRIPT = readFileSync(new URL('../../manifests/gitops/argocd/health/health.lua', import.meta.url), 'utf8');
/** Objects become tables: Argo CD's interpreter knows no others. */
const lua = await new LuaFactory().createEngine({ enableProxy: false });

export const argoHealth = (object: Observable): Health => {
  // Absent, not undefined: as the API server would tell it.
  lua.global.set('obj', JSON.parse(JSON.stringify(object)));
  return lua.doStringSync(SCRIPT) as Health;
};

const SAME: Readonly<Record<KStatus, readonly Health['status'][]>> = {
  Terminating: ['Progressing'],
  InProgress: ['Progressing'],
  Failed: ['Degraded'],
  // kstatus has no word for what is paused.
  Current: ['Healthy', 'Suspended'],
};

/** What kstatus says; throws where Argo CD would say something else. */
export const agreedStatus = (object: Observable): KStatus => {
  const status = kstatus(object);
  const health = argoHealth(object);
  if (!SAME[status].includes(health.status)) throw new Error(`kstatus says ${status}, health.lua says ${health.status}`);
  return status;
};
