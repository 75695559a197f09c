/** The environment, as process.env has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface IntegerOptions {
  readonly fallback?: number;
  readonly min?: number;
  readonly max?: number;
}

/** Reads single variables and remembers what is wrong with them, so that all problems are told at once. */
export interface ConfigReader {
  /** Required when there is no fallback. An empty variable counts as absent. */
  string(name: string, fallback?: string): string;
  optionalString(name: string): string | undefined;
  integer(name: string, options: IntegerOptions): number;
  boolean(name: string, fallback: boolean): boolean;
  oneOf<Choice extends string>(name: string, choices: readonly Choice[], fallback: Choice): Choice;
  /** Comma-separated, without empty entries. */
  list(name: string, fallback: readonly string[]): readonly string[];
  /** Adds a problem that the others can not see, such as two variables that do not go together. */
  problem(text: string): void;
}

/** Thrown with one line per bad variable. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Builds a frozen configuration from the environment.
 *
 * @throws ConfigError that names every variable that is missing or malformed, and what it should be.
 */
export function readConfig<Config extends object>(
  environment: Environment,
  build: (read: ConfigReader) => Config,
): Readonly<Config> {
  const problems: string[] = [];
  const config = build(createReader(environment, problems));
  if (problems.length > 0) {
    throw new ConfigError(
      `The configuration is not usable:\n${problems.map((line) => `  ${line}`).join("\n")}`,
    );
  }
  return Object.freeze(config);
}

function createReader(environment: Environment, problems: string[]): ConfigReader {
  const textOf = (name: string): string | undefined => {
    const value = environment[name]?.trim();
    return value === "" ? undefined : value;
  };

  return {
    string(name, fallback) {
      const value = textOf(name) ?? fallback;
      if (value === undefined) {
        problems.push(`${name} is required.`);
        return "";
      }
      return value;
    },
    optionalString: textOf,
    integer(name, { fallback, min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }) {
      const text = textOf(name);
      if (text === undefined) {
        if (fallback === undefined) {
          problems.push(`${name} is required.`);
        }
        return fallback ?? 0;
      }
      const value = Number(text);
      if (!/^-?\d+$/.test(text) || value < min || value > max) {
        problems.push(`${name} must be an integer from ${min} to ${max}, but is "${text}".`);
      }
      return value;
    },
    boolean(name, fallback) {
      const text = textOf(name)?.toLowerCase();
      if (text === undefined) {
        return fallback;
      }
      if (["1", "true", "yes", "on"].includes(text)) {
        return true;
      }
      if (["0", "false", "no", "off"].includes(text)) {
        return false;
      }
      problems.push(`${name} must be 1 or 0, but is "${text}".`);
      return fallback;
    },
    oneOf(name, choices, fallback) {
      const text = textOf(name);
      const choice = text === undefined ? fallback : choices.find((candidate) => candidate === text);
      if (choice === undefined) {
        problems.push(`${name} must be one of ${choices.join(", ")}, but is "${text}".`);
        return fallback;
      }
      return choice;
    },
    list(name, fallback) {
      const text = textOf(name);
      if (text === undefined) {
        return fallback;
      }
      return text
        .split(",")
        .map((entry) => entry.trim())
        .filter((entry) => entry !== "");
    },
    problem(text) {
      problems.push(text);
    },
  };
}
