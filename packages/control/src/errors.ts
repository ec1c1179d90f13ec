import { defineErrors } from '@vivarium/contracts';

/** Every error this package throws. */
export const errors = defineErrors({
  VIV_CONTROL_FORBIDDEN: {
    when: 'Something was asked for that takes a higher role than the one who asked has.',
    hint: 'Ask with a token of that role, or somebody who has one. The attempt is in the audit log.',
  },
  VIV_CONTROL_UNKNOWN: {
    when: 'An operation was asked for that the control plane does not have.',
    hint: 'The OpenAPI document lists all operations.',
  },
  VIV_CONTROL_INPUT: {
    when: 'The input of an operation is not what its schema says.',
    hint: 'The message names the field; the OpenAPI document has the schema.',
  },
  VIV_CONTROL_SELF: {
    when: 'A guest that manages its host asked to have itself ended, paused or started anew.',
    hint: 'Power off or reboot from within, or let somebody else ask: nobody would be there to hear the answer.',
  },
  VIV_CONTROL_NO_PORT: {
    when: 'A guest was to manage its host whose template gives it no port to do so.',
    hint: 'Make it of a template with a port: `run` gives one to guests that it knows by name, such as `debian`.',
  },
  VIV_CONTROL_ANSWER: {
    when: 'The answer to a guest would be longer than what is sent to one.',
    hint: 'Ask for less: one machine, fewer entries, less of a console.',
  },
  VIV_CONTROL_NO_MACHINE: {
    when: 'A machine was asked for that there is none of.',
    hint: 'List the machines; names are exact.',
  },
  VIV_CONTROL_NAME_TAKEN: {
    when: 'A machine was to be made with a name that another has, which may be on its way to be made or destroyed.',
    hint: 'Take another name, or destroy the other machine first.',
  },
  VIV_CONTROL_TEMPLATE: {
    when: 'A machine was to be made from a template that the host does not have.',
    hint: 'The message lists those there are.',
  },
  VIV_CONTROL_BUSY: {
    when: 'More is in progress than the control plane takes at a time, for everybody or for one machine.',
    hint: 'Try again in a moment, or close streams that nobody needs.',
  },
  VIV_CONTROL_UNSCHEDULED: {
    when: 'A weight or cap was given to a machine that runs whenever it can, outside of the scheduler.',
    hint: 'Create it without threads of its own for its vCPUs (`--threads off`), on a host with pCPUs.',
  },
  VIV_CONTROL_NO_EXEC: {
    when: 'A command was to be run in a guest that has no agent for it.',
    hint: 'Guests made with `debian` have one, also with a root file system that `viv image` has made.',
  },
  VIV_CONTROL_EXEC_SILENT: {
    when: "The guest's agent gave no answer: it has not booted yet, runs something else, or is gone.",
    hint: 'Wait until it is up, or look at its console with `viv attach`.',
  },
  VIV_CONTROL_EXEC_ENDED: {
    when: 'The guest ended or started anew before the command in it was over.',
    hint: 'Its events and its console say why.',
  },
  VIV_CONTROL_STATE: {
    when: 'The state of a machine could not be read or written.',
    hint: 'Look after the folder of the state: free space, permissions, and no other host that uses it.',
  },
});

export const errorTable = errors.table;
