/** A sample application. */
export interface App {
  namespace: string;
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  name: string;
  replicas?: number;
  /** Where the wish to be meshed stands: on the namespace, or on the pod template. */
  inject?: 'enabled' | 'disabled';
}
