import type { DeviceTreeNode } from '@vivarium/contracts';
import { FINISHER, FINISHER_PASS, FINISHER_RESET } from './test-finisher.ts';

const requestNode = (name: string, label: string, value: number): DeviceTreeNode => ({
  name,
  properties: { compatible: `syscon-${name}`, regmap: [{ phandle: label }], offset: FINISHER, value },
});

/** Root node that tells the guest to power off by the syscon labelled `label`. */
export const poweroffNode = (label: string): DeviceTreeNode => requestNode('poweroff', label, FINISHER_PASS);

/** Root node that tells the guest to reboot by the syscon labelled `label`. */
export const rebootNode = (label: string): DeviceTreeNode => requestNode('reboot', label, FINISHER_RESET);
