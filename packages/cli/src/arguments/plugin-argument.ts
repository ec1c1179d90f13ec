/** A `--plugin` argument taken apart. */
export interface PluginArgument {
  /** `./path`, an absolute path, or a package name. */
  readonly specifier: string;
  /** Undefined when none is given: the plugin's schema then sees its own defaults. */
  readonly options: Readonly<Record<string, unknown>> | undefined;
}

/** Numbers, booleans and other JSON values as such, anything else as text. */
const value = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/**
 * Reads `SPEC,key=value,key=value`. A key without a value is `true`. A comma that is not followed by `key=` or by a
 * last bare key belongs to what is before it, so JSON lists survive: `./dev,slots=[1,2]`.
 */
export const parsePluginArgument = (text: string): PluginArgument => {
  const [specifier = '', ...parts] = text.split(/,(?=[A-Za-z_][\w.-]*(?:=|,|$))/);
  if (parts.length === 0) return { specifier, options: undefined };
  const options = parts.map((part): [string, unknown] => {
    const equals = part.indexOf('=');
    return equals < 0 ? [part, true] : [part.slice(0, equals), value(part.slice(equals + 1))];
  });
  return { specifier, options: Object.fromEntries(options) };
};
