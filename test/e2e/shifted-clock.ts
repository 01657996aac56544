// Loaded into a controller before anything else (`node --import`): its wall clock goes back an hour at SIGUSR2.
const HOUR_MS = 3_600_000;
const realNow = Date.now;
let shiftMs = 0;

Date.now = () => realNow() + shiftMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, given: [], newTarget) => Reflect.construct(target, given.length === 0 ? [Date.now()] : given, newTarget),
});
process.on('SIGUSR2', () => {
  shiftMs -= HOUR_MS;
});
