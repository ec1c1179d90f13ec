/** The port of the virtio console by which `hostctl` in the guest asks the host for operations: lines of JSON. */
export const CONTROL_PORT = 'org.vivarium.control.0';
