/** What runs in the thread of a worker cell. */
import { tmpdir } from 'node:os';
import { type MessagePort, workerData } from 'node:worker_threads';
import { CellService } from '../cells/cell-service.ts';
import { portChannel } from '../cells/channel.ts';
import { createCell } from './create-cell.ts';
import { nodePageTools } from './page-tools.ts';

const { port } = workerData as { readonly port: MessagePort };
const service = new CellService(createCell, undefined, nodePageTools(tmpdir()));
// The host's end of the port is closed only when this thread is to end, too.
service.connect(portChannel(port), () => void service[Symbol.asyncDispose]());
