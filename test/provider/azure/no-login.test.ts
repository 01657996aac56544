// A pool whose provider can't even be asked, as no subscription is known.
import { suite } from 'uvu';
import { OperatorError } from '../../../controller/api/error.ts';
import { azureProvider } from '../../../controller/provider/azure/azure-provider.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { pool } from '../../builders/pool.ts';
import { until } from '../../fakes/until.ts';

const test = suite('azure provider: no login');

test('says that it is not ready before any VM is made', async () => {
  const provider = azureProvider({
    clock: systemClock,
    place: { environment: {} },
    keep: async (create) => create(),
    secret: async () => undefined,
    connect: async () => {
      throw new OperatorError('denied', 'no Azure subscription is known', { reason: 'ProviderNotReady' });
    },
  });
  const azure = pool({ spec: { provider: { type: 'Azure', azure: { regions: ['westus3'] } } } });
  const said = (): unknown => {
    try {
      return provider.open(azure).offerings(azure).length;
    } catch (error) {
      return String(error);
    }
  };
  await until(() => said() === 'OperatorError: no Azure subscription is known');
});

test.run();
