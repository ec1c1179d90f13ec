import { defineErrors } from '@vivarium/contracts';

/** Every error the command line itself reports; parts add their own. */
export const errors = defineErrors({
  VIV_USAGE: {
    when: 'The command line is not one that viv understands.',
    hint: 'See `viv --help`.',
  },
  VIV_FILE_UNREADABLE: {
    when: 'A file named on the command line is missing, not a regular file, or cannot be read.',
    hint: 'Check the path and its permissions; relative paths start at the current directory.',
  },
  VIV_FILE_UNWRITABLE: {
    when: 'A file that the command line asks for cannot be created or written.',
    hint: 'Check that its folder exists and may be written to.',
  },
  VIV_DISK_FORMAT: {
    when: 'A disk image without a format on the command line has a name that does not fit what it is.',
    hint: 'Add format=qcow2 when the image is yours to trust, or format=raw to give the guest its bytes as they are.',
  },
  VIV_DISK_BACKING: {
    when: 'A disk image is based on a file outside of the folder that it may use.',
    hint: 'Name the folder of that file with backing=DIR, if the image may read what is in there.',
  },
  VIV_PLUGIN_UNRESOLVED: {
    when: 'No package or file was found where a --plugin points.',
    hint: 'Give ./path to a package folder or module file, or the name of a package installed below the current directory.',
  },
  VIV_EXEC_GUEST: {
    when: '--exec was given without a guest that knows how to run a command.',
    hint: 'Use `viv run debian --exec …`; --kernel and --initrd may replace its images.',
  },
  VIV_RECIPE_OPTION: {
    when: 'Arguments of `viv run` that are to become a machine in a cell hold an option for whoever runs the machine.',
    hint: 'Leave it out: cells have deadlines, events and consoles of their own.',
  },
  VIV_DEVICE_DESCRIPTION: {
    when: 'A device that is to join a machine of `viv run` is described as none that there is.',
    hint: 'Describe it as { disk: "FILE,…" } or { net: "user,…" }: the text is that of --disk or --net.',
  },
  VIV_GUEST_REFUSED: {
    when: "The guest's agent was asked for its part of a change of hardware, and says that it cannot.",
    hint: 'The message has its reason: a disk that is mounted has to be unmounted first. Devices can be taken out by force.',
  },
  VIV_MACHINE_ALIVE: {
    when: 'A machine was to be forgotten that has not ended.',
    hint: 'Stop it first with `viv stop`, or give --force.',
  },
  VIV_EXEC_UNFINISHED: {
    when: 'The guest ended before it reported the exit status of the --exec command.',
    hint: 'The end of its console is shown above; --verbose shows all of it.',
  },
  VIV_TIMEOUT: {
    when: 'The guest was still running when --timeout ran out.',
    hint: 'Give it longer, or use --verbose to see what it is doing.',
  },
  VIV_GUEST_FAILURE: {
    when: 'The guest powered off with a failure code, which becomes the exit code.',
    hint: 'The guest says why on its console.',
  },
  VIV_GDB_CORE: {
    when: '--gdb was given, and the CPU core of the machine can do nothing for debuggers.',
    hint: 'Leave out --gdb, or the plugin that brings its own CPU core.',
  },
  VIV_SYMBOLS: {
    when: 'A file given to --symbols holds no symbols.',
    hint: 'Give an ELF file with a symbol table, a System.map, or what a guest shows in /proc/kallsyms.',
  },
  VIV_DISASSEMBLE: {
    when: 'A file given to --disasm holds no code that can be shown.',
    hint: 'Give a RISC-V ELF file, a Linux Image, or raw machine code.',
  },
  VIV_INTERNAL: {
    when: 'Something failed that has no code of its own: a bug.',
    hint: 'Run again with --verbose and report the stack that it prints.',
  },
});

export const errorTable = errors.table;
