// A pool's decision as lines to compare with: what is done to whom.
import { decide } from '../../../controller/reconcilers/pool/decide.ts';
import type { PoolAction, PoolObserved } from '../../../controller/reconcilers/pool/model.ts';

export const told = (observed: PoolObserved): readonly string[] => decide(observed).actions.map(line);

const line = (action: PoolAction): string => {
  switch (action.do) {
    case 'hold':
    case 'release':
      return `${action.do}: ${action.because}`;
    case 'placeSession':
      return `place ${action.session.metadata.name} on ${action.vm.metadata.name}, attempt ${action.attempt}${action.launching ? ', launching' : ''}`;
    case 'explainWait':
      return `${action.session.metadata.name} waits: ${action.wait.reason}`;
    case 'createVM':
      return `create ${action.name} of size ${action.vm.size}${action.vm.region === undefined ? '' : ` in ${action.vm.region}`}: ${action.because}`;
    case 'drainVM':
      return `drain ${action.vm.metadata.name}: ${action.because}`;
  }
};
