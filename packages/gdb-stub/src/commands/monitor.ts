import type { DebugPoint } from '@vivarium/contracts';
import { type Client, selected } from '../client.ts';

const HELP = `monitor help                  this text
monitor reset                 press the machine's reset button; it stays halted
monitor info registers [N]    every register of vCPU N, or of the one selected
monitor info vcpus            vCPUs, and where they are
monitor info points           breakpoints and watchpoints that are set
monitor translate ADDRESS     guest-physical address of a guest-virtual one
monitor physical on|off       whether memory is read and written by guest-physical address
`;

const hex = (value: bigint | number | undefined): string => (value === undefined ? '?' : `0x${value.toString(16)}`);

/** Columns of `info registers`. */
const COLUMNS = 3;

const registers = (client: Client, number: string | undefined): string => {
  const vcpu = number === undefined ? selected(client) : client.target.vcpus[Number(number)];
  if (vcpu === undefined) return `there is no vCPU ${number}\n`;
  const cells = vcpu.registerNames.map((name) => `${name.padEnd(14)} ${hex(vcpu.readRegister(name)).padEnd(18)}`);
  const rows = Array.from({ length: Math.ceil(cells.length / COLUMNS) }, (_, row) =>
    cells
      .slice(row * COLUMNS, row * COLUMNS + COLUMNS)
      .join('  ')
      .trimEnd(),
  );
  return `vCPU ${vcpu.index}\n${rows.join('\n')}\n`;
};

const vcpus = ({ target }: Client): string =>
  target.vcpus
    .map((vcpu) => {
      const state = vcpu.running ? '' : ', stopped by the guest';
      return `vCPU ${vcpu.index}: pc ${hex(vcpu.readRegister('pc'))}, ${vcpu.retired} instructions${state}\n`;
    })
    .join('');

const pointText = (point: DebugPoint): string =>
  point.kind === 'breakpoint'
    ? `breakpoint at ${hex(point.address)}\n`
    : `watchpoint (${point.access}) at ${hex(point.address)}, ${point.length} bytes\n`;

const points = ({ session }: Client): string => session.points.map(pointText).join('') || 'none\n';

const translate = (client: Client, text: string | undefined): string => {
  const vcpu = selected(client);
  const address = text !== undefined && /^(?:0x[0-9a-fA-F]{1,16}|\d{1,19})$/.test(text) ? BigInt(text) : undefined;
  if (address === undefined || vcpu === undefined) return 'give an address, such as 0x80000000\n';
  const physical = client.session.translate(vcpu, address);
  return physical === undefined ? 'not mapped\n' : `${hex(physical)}\n`;
};

const physical = (client: Client, choice: string | undefined): string => {
  if (choice === 'on' || choice === 'off') client.physical = choice === 'on';
  return `addresses are guest-${client.physical ? 'physical' : 'virtual'}\n`;
};

const reset = async ({ session }: Client): Promise<string> => {
  await session.reset();
  return 'reset; GDB shows what it knew before until `maintenance flush register-cache`\n';
};

/** `qRcmd`: what a person types behind `monitor`. The text that it prints. */
export const monitor = (client: Client, command: string): string | Promise<string> => {
  const words = command.trim().split(/\s+/);
  const [verb, object, ...rest] = words;
  if (rest.length > 1) return `'${command.trim()}' is too long; try \`monitor help\`\n`;
  if (verb === 'help' || verb === '') return HELP;
  if (verb === 'reset') return reset(client);
  if (verb === 'translate') return translate(client, object);
  if (verb === 'physical') return physical(client, object);
  if (verb === 'info' && object === 'registers') return registers(client, rest[0]);
  if (verb === 'info' && object === 'vcpus') return vcpus(client);
  if (verb === 'info' && object === 'points') return points(client);
  return `'${command.trim()}' is not known; try \`monitor help\`\n`;
};
