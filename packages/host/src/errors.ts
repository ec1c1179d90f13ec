import { defineErrors } from '@vivarium/contracts';

/** Every error this package throws. */
export const errors = defineErrors({
  VIV_CELL_STATE: {
    when: 'A cell was asked for something that its state does not allow.',
    hint: 'Call run() once; pause, resume and reset only while it is in progress.',
  },
  VIV_CELL_LEASE: {
    when: 'A vCPU was granted a pCPU in a way that cannot be, or a cell cannot be run by grants.',
    hint: 'Grant a vCPU of the machine a whole number of nanoseconds once it has given back the last grant. Machines with a virtual clock need a thread with virtual time, and only those.',
  },
  VIV_CELL_THREADS: {
    when: 'A machine was given to a kind of cell that cannot run it, because its vCPUs have threads of their own or none.',
    hint: 'Threads of vCPUs need a real clock and `createCell` or `createParallelCell` of @vivarium/host/node; tracing, profiling, debugging and leases need a core without the option threads.',
  },
  VIV_DISPATCH_DECISION: {
    when: 'A scheduler decided what is not possible: to run a vCPU that it was not given, or that runs already.',
    hint: 'Report it to the author of the scheduler; its pool picks again a millisecond later.',
  },
  VIV_DISPATCH_GUEST: {
    when: 'A guest is given pCPUs that has some already, or one that has none is changed.',
    hint: 'Give each guest a name of its own, and attach it once. What is over is not to be changed.',
  },
  VIV_DISPATCH_PCPU: {
    when: 'A pCPU is added where none can be, or taken away that there is none of.',
    hint: 'With virtual time there is exactly one pCPU. `pcpus` lists those there are.',
  },
  VIV_HOST_ADMISSION: {
    when: 'A guest is to be admitted, or to have other claims, that do not fit beside what others have reserved; or one is named that was not admitted.',
    hint: 'The message says what there is too little of. Reserve less, or release another guest first.',
  },
  VIV_CELL_PART_THREW: {
    when: 'A part threw while guest code was running. Guest-controlled paths must not throw: it is a bug of the part.',
    hint: 'Report it to the author of the part named in the stack of the cause.',
  },
  VIV_CELL_RECIPE: {
    when: 'A recipe cannot be imported, is no function, or its function failed or returned no machine.',
    hint: 'The module must be an absolute address that the cell can import, and its export a function of the options.',
  },
  VIV_CELL_NO_POWER_OFF: {
    when: 'A guest was to be asked to power off, and its recipe does not say how.',
    hint: 'Stop the cell, which pulls the plug; or give `powerOff` in what the recipe returns.',
  },
  VIV_CELL_CONSOLE: {
    when: 'A console was asked for that the machine does not have.',
    hint: 'The consoles of a machine are listed in its facts.',
  },
  VIV_CELL_VIEWERS: {
    when: 'A console cannot be attached to: it has as many viewers as it may have, or is gone.',
    hint: 'Detach another viewer, or raise the limit.',
  },
  VIV_CELL_DEADLINE: {
    when: 'A cell did not do in time what it was asked for.',
    hint: 'It may be overloaded; one that gives no sign of life is ended by its host.',
  },
  VIV_CELL_ENDED: {
    when: 'Something was asked of a cell whose run is over.',
    hint: 'Create the machine anew.',
  },
  VIV_CELL_PROTOCOL: {
    when: 'A cell, or whoever sits in its place, sent what the protocol does not have. It was ended.',
    hint: 'Cell and host must be of the same version; otherwise the cell may have been taken over by its guest.',
  },
  VIV_CELL_HUNG: {
    when: 'A cell gave no sign of life for too long, and was ended.',
    hint: 'A part of its machine may block the thread; on an overloaded computer, raise the deadline of silence.',
  },
  VIV_CELL_DIED: {
    when: 'A cell came to an end by itself, and did not say why.',
    hint: 'A part may have ended its process or worker.',
  },
  VIV_CELL_KILLED: {
    when: 'The process of a cell was ended by a signal that its host did not send.',
    hint: 'With SIGKILL, look for the kernel that ran out of memory, or for somebody who ended it.',
  },
  VIV_CELL_EXCEPTION: {
    when: 'An exception that nobody caught ended a cell.',
    hint: 'Report it to the author of the part in the message.',
  },
  VIV_CELL_OUT_OF_MEMORY: {
    when: 'A cell used up the memory that it may have.',
    hint: 'Raise the limit of its heap or its data, or give the guest less memory.',
  },
  VIV_CELL_LAUNCH: {
    when: 'A worker or process for a cell could not be started, or did not come up.',
    hint: 'The message has the reason of the operating system.',
  },
  VIV_CELL_OVERCOMMIT: {
    when: 'Pages were to be taken from a machine whose cell cannot do that.',
    hint: 'It needs Node on Linux, vCPUs without threads of their own, and `overcommit` in the description of the machine.',
  },
  VIV_CELL_UNCHANGEABLE: {
    when: 'A machine was to be changed while it is there in a way that it was not made for.',
    hint: 'Make it with what that takes: a balloon, vCPUs in reserve, hot-plug slots (`--balloon`, `--max-cpus`, `--slots` of `viv run`).',
  },
  VIV_CELL_CHANGE: {
    when: 'A machine was to be changed to what it cannot be: more than it has, a name that is taken, a device that is not there.',
    hint: 'The message says what there is.',
  },
  VIV_CELL_GUEST: {
    when: 'A guest did not do its part of a change of its hardware in time, or said that it cannot. All is as it was.',
    hint: 'It may still be booting, use what it is to give back, or have no driver. Ask again with more time, or take devices out by force.',
  },
  VIV_PAGE_LOST: {
    when: 'A page of a guest could not be brought back to memory: reading its swap file, the shared file or its compressed form failed. The guest was ended.',
    hint: 'The message has the reason of the operating system; look at the disk with the folder for temporary files.',
  },
  VIV_PAGE_SWAP: {
    when: 'A page could not be written to the swap file of its machine, and stays in memory.',
    hint: 'The disk may be full: the message has the reason of the operating system.',
  },
  VIV_PAGE_SHARED: {
    when: 'The file of shared pages could not be read or written; no page was taken.',
    hint: 'A process cell must be allowed to read it (`readable`); otherwise, the disk may be full.',
  },
  VIV_HOST_DESCRIPTION: {
    when: 'The description of a machine is not one.',
    hint: 'The message names the field; see MachineDescription.',
  },
  VIV_HOST_NAME_TAKEN: {
    when: 'A machine was to be created or adopted under a name that another one has.',
    hint: 'Destroy that one first, or choose another name.',
  },
  VIV_HOST_UNKNOWN: {
    when: 'A host was asked for a machine that it does not have.',
    hint: 'The machines of a host are in its list.',
  },
  VIV_HOST_FULL: {
    when: 'A limit of the host, or its admission policy, leaves no room for a machine.',
    hint: 'Destroy or stop other machines, or raise the limit that the message names.',
  },
  VIV_HOST_STATE: {
    when: 'A machine was asked for something that its status does not allow.',
    hint: 'The message says what it is; its end may have come first.',
  },
  VIV_HOST_POLICY: {
    when: 'A policy threw when it was asked for a decision; the host went on without it.',
    hint: 'Report it to the author of the policy.',
  },
});

export const errorTable = errors.table;
