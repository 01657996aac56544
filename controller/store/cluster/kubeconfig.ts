// The one import of the Kubernetes client, which takes a second and much memory: loaded by who connects, for nothing but
// kubeconfigs and credentials.
export { KubeConfig } from '@kubernetes/client-node';
