import { controlCommands } from './control/table.ts';
import { type OptionRow, optionTable } from './option-table.ts';

/** A line of `--help`. */
export const optionLine = ([name, row]: readonly [string, OptionRow]): string => {
  const short = row.short === undefined ? '' : `-${row.short}, `;
  const value = row.value === undefined ? '' : ` ${row.value}`;
  return `  ${`${short}--${name}${value}`.padEnd(20)} ${row.help}`;
};

/** The text of `viv --help`. */
export const helpText = (): string => `viv: run a RISC-V machine made of plugins

Usage:
  viv run debian [options]                   boot Debian to a shell
  viv run debian --exec CMD [options]        run one command in it
  viv run --kernel FILE [options]            boot a kernel of your own
  viv run --bios FILE [options]              start machine-mode firmware
  viv profile debian --exec CMD [options]    the same, and where the guest spent its time
  viv image FILE|DIR [--package NAME]        make a Debian root file system for --root
  viv run --disasm FILE                      show the code in a file

Many machines, by way of a daemon (viv COMMAND --help says more):
${Object.values(controlCommands)
  .map(({ usage, help }) => `  ${`viv ${usage}`.padEnd(34)} ${help}`)
  .join('\n')}

Options of run, profile and image:
${Object.entries(optionTable).map(optionLine).join('\n')}

Examples:
  viv run debian
  viv run debian --exec 'uname -m'
  viv run debian --cpus 2 --memory 1G --exec 'cat /proc/cpuinfo'
  viv run debian --plugin ./toaster,slots=4
  viv run debian --net user,forward=8080:80 --disk data.qcow2 --share .,tag=here
  viv image root.qcow2 --package python3-minimal && viv run debian --root root.qcow2
  viv run --kernel Image --initrd rootfs.cpio --append 'console=ttyS0 quiet'
  viv run --bios fw_jump.elf --timeout 60
  viv daemon & viv create web debian --memory 128M --start && viv exec web -- uname -m

Keys in the terminal (after the escape key, Ctrl-] by default):
  q  stop the guest and quit     r  reset the guest
  ?  show these keys             Ctrl-]  send the escape key itself

Exit codes:
  0    the guest powered off       1..255  failure code of the guest, or the --exec command's own
  1    any other error             2       bad usage
  70   guest fault                 124     --timeout ran out
  128+N  ended by signal N         141     the reader of the output went away
`;
