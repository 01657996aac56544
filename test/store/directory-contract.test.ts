// The directory store keeps the contract of stores.
import { writeSecret } from '../../controller/store/directory/secrets.ts';
import { testStore } from '../contracts/store.ts';
import { createDirectoryWorld } from './directory-world.ts';

testStore('directory', async () => {
  const world = createDirectoryWorld();
  const store = await world.open();
  return { store, setSecret: (key, data) => writeSecret(world.state, key, data), close: world.end };
});
