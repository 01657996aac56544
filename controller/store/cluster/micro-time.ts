// Kubernetes' MicroTime: exactly six fractional digits, or the server refuses it (kubernetes-client/javascript#828).

export const microTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000Z`;
