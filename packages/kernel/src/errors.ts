import { defineErrors } from '@vivarium/contracts';

/** Every error the kernel throws, with what to do about it. */
export const errors = defineErrors({
  VIV_SPEC_INVALID: {
    when: 'A machine spec is not of the shape that MachineSpec describes.',
    hint: 'Correct the field that the message names.',
  },
  VIV_DEADLINE_INVALID: {
    when: 'A deadline given to assemble is not a whole number of milliseconds from 1 to 2147483647.',
    hint: 'Give a positive whole number of milliseconds, or leave the hook out for its default.',
  },
  VIV_PART_DUPLICATE: {
    when: 'Two parts of a machine have one id.',
    hint: 'Give each part an id of its own.',
  },
  VIV_PLUGIN_SPECIFIER: {
    when: 'A part names its plugin by specifier, and the app did not say how to load one.',
    hint: 'Pass `load` to assemble, or put the plugin itself in the spec.',
  },
  VIV_PLUGIN_LOAD: {
    when: 'Loading a plugin by its specifier failed, or gave a module without a plugin.',
    hint: 'Check that the module can be imported and exports a plugin as `default` or `plugin`.',
  },
  VIV_PLUGIN_MANIFEST: {
    when: 'A plugin is not what definePlugin describes.',
    hint: 'Ask the author of the plugin to correct its manifest; the message names the field.',
  },
  VIV_PLUGIN_API: {
    when: 'A plugin was built for another major version of the contracts.',
    hint: 'Install a version of the plugin that was built for this major of @vivarium/contracts.',
  },
  VIV_PLUGIN_DUPLICATE: {
    when: 'Two different plugins of one machine carry the same name.',
    hint: 'Use one copy of the package; grants are given by name, so two plugins may not share one.',
  },
  VIV_OPTIONS_INVALID: {
    when: 'The options of a part do not pass the schema of its plugin.',
    hint: 'Correct the option that the message names.',
  },
  VIV_GRANT_REFUSED: {
    when: 'A plugin asks for a grant that the policy does not give it.',
    hint: 'Allow the grant for this plugin in the policy, or leave the part out.',
  },
  VIV_GRANT_UNDECLARED: {
    when: 'A plugin uses a grant that its manifest does not list, or the spec wires interrupts of such a plugin.',
    hint: 'List the grant in the manifest of the plugin.',
  },
  VIV_GRANT_PATH: {
    when: 'A plugin asks for a host path outside of the roots that the policy names.',
    hint: 'Add a root that holds the path to `hostRoots` of the policy, or use a path inside one.',
  },
  VIV_GRANT_REVOKED: {
    when: 'A plugin asks for a host path after its part was disposed.',
    hint: 'Resolve host paths in setup.',
  },
  VIV_TOKEN_RESERVED: {
    when: 'A plugin says that it provides a token which the kernel itself provides.',
    hint: 'Take the token from `provides` of the plugin.',
  },
  VIV_TOKEN_MAJOR: {
    when: 'A requirement is met in name, but by another major version of the contract.',
    hint: 'Install versions of the two plugins that were built for the same major of the contract.',
  },
  VIV_TOKEN_UNPROVIDED: {
    when: 'A machine is asked for a token that none of its parts provides.',
    hint: 'Add a part that provides the token, or ask with `maybe`.',
  },
  VIV_TOKEN_AMBIGUOUS: {
    when: 'A machine is asked for the one provider of a token that has several.',
    hint: 'Name the part, or ask with `all`.',
  },
  VIV_TOKEN_UNDECLARED: {
    when: 'A plugin asks its context for a token that its manifest does not require in that mode.',
    hint: 'List the token under `requires` of the plugin: plain for get, optional() for maybe, all() for all.',
  },
  VIV_REQUIREMENT_UNMET: {
    when: 'No part provides what another requires.',
    hint: 'Add a part that provides the token.',
  },
  VIV_REQUIREMENT_AMBIGUOUS: {
    when: 'Several parts could serve a requirement and the spec does not pick one.',
    hint: 'Pick a provider with `use` in the spec of the part.',
  },
  VIV_REQUIREMENT_CYCLE: {
    when: 'Parts require each other in a circle.',
    hint: 'Break the circle: make a requirement optional, or pick another provider with `use`.',
  },
  VIV_USE_UNKNOWN: {
    when: '`use` of a part names a token that the part does not take, or a part that does not provide it.',
    hint: 'Name a token that the plugin requires and the id of a part that provides it.',
  },
  VIV_INTERRUPT_UNKNOWN: {
    when: 'The spec wires an interrupt that the device does not have, or to a controller or line that does not exist.',
    hint: 'Name an interrupt of the device, a part that provides an interrupt controller, and one of its lines.',
  },
  VIV_INTERRUPT_POOL_EMPTY: {
    when: 'More interrupts are without a wire than the interrupt pool of the spec has free lines.',
    hint: 'Add lines to the pool, leave a device out, or wire its interrupts in the spec.',
  },
  VIV_PLUGIN_PART: {
    when: 'What setup of a plugin returned is not a part.',
    hint: 'Return an object whose hooks are functions and whose `provides` is a list made with bind().',
  },
  VIV_PLUGIN_PROVIDES: {
    when: 'What setup of a plugin provides is not what its manifest declares.',
    hint: 'Make `provides` of the manifest and of the part agree.',
  },
  VIV_DEVICE_REGION: {
    when: 'A device, or a register region of it, is not of the shape that the contract describes.',
    hint: 'A region has a name of its own within the part, a positive whole length, and read and write.',
  },
  VIV_DEVICE_UNPLACED: {
    when: 'A region of a device has no address and the spec no window for it, or the spec places an unknown region.',
    hint: 'Give each region of the device, by its name, an address under `regions` of the part.',
  },
  VIV_DEVICE_WINDOW_FULL: {
    when: 'The regions without an address do not fit into the window that the spec has for them.',
    hint: 'Make the window larger, leave a device out, or give its regions an address.',
  },
  VIV_DEVICE_ADDRESS: {
    when: 'A region of a device would not end at or below 2^53.',
    hint: 'Choose a base so that base plus length is at most 2^53.',
  },
  VIV_DEVICE_OVERLAP: {
    when: 'Two device regions, or a device region and guest RAM, overlap.',
    hint: 'Move one of the two.',
  },
  VIV_DEVICE_CONTRACT: {
    when: 'A device threw, answered something that is no register value, or re-entered the bus too deeply.',
    hint: 'Report it to the author of the plugin; the access read as all ones and the machine goes on.',
  },
  VIV_PLUGIN_HOOK_FAILED: {
    when: 'A plugin threw in one of its hooks.',
    hint: 'See the cause; report it to the author of the plugin when it is not your configuration.',
  },
  VIV_PLUGIN_HOOK_TIMEOUT: {
    when: 'A hook of a plugin did not settle before its deadline.',
    hint: 'Report it to the author of the plugin, or give the hook more time with `deadlines`.',
  },
  VIV_PART_FIXED: {
    when: 'A part is to join a machine, or to leave it, that a machine has from its start to its end.',
    hint: 'Only parts without registers on the system bus come and go: a guest finds others in its device tree, once.',
  },
  VIV_PART_UNKNOWN: {
    when: 'A part is named that the machine does not have.',
    hint: 'Name a part that was added.',
  },
  VIV_PART_IN_USE: {
    when: 'A part is to leave a machine while another that stays depends on it.',
    hint: 'Remove the other with it.',
  },
  VIV_MACHINE_STATE: {
    when: 'An operation does not fit the state of the machine.',
    hint: 'Life cycle: start → (pause → resume | reset)* → stop → dispose; a stopped machine is assembled anew.',
  },
});

/** The table behind docs/errors.md. */
export const errorTable = errors.table;
