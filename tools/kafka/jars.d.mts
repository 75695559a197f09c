/** @throws Error in one sentence when there is no Java that Apache Kafka runs on. */
export declare function checkJava(): void;

/**
 * Has Maven get the jars, unless they are there.
 *
 * @returns the folder with the jars.
 * @throws Error in one sentence when there is no Maven.
 */
export declare function resolveJars(): string;
