import { MachinePane } from './machine-pane.ts';

new MachinePane(document).boot();
