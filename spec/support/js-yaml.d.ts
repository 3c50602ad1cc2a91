declare module 'js-yaml' {
  /** Throws YAMLException. Answers what the text means. */
  export function safeLoad(text: string): unknown;
}
