// The store of the simulation keeps the contract of stores.
import { keyString } from '../../controller/api/object.ts';
import { testStore } from '../contracts/store.ts';
import { createMemoryDatabase, openMemoryStore } from './memory-store.ts';

testStore('memory', async () => {
  let objects = 0;
  const database = createMemoryDatabase({ now: () => Date.UTC(2026, 0, 5), newUID: () => `uid-${++objects}` });
  return {
    store: openMemoryStore(database),
    setSecret: async (key, data) => void database.secrets.set(keyString(key), data),
    close: async () => {},
  };
});
