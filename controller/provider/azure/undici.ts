// The HTTP client, in a file of its own so that it is loaded only where prices are read.
export { EnvHttpProxyAgent, request } from 'undici';
