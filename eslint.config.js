import js from "@eslint/js";
import tseslint from "typescript-eslint";

const TESTS = ["**/*.test.ts", "**/test/**", "**/bench/**", "tests/**", "packages/testkit/**"];

/** Forbids imports that match `patterns`, with one sentence that says where the code belongs instead. */
const forbid = (patterns, message) => ({
  "no-restricted-imports": ["error", { patterns: patterns.map((regex) => ({ regex, message })) }],
});

const CLIENTS = "^(kafkajs|mqtt|mqtt-packet|@google-cloud/.*|@kubernetes/.*)$";
const clientRule = [
  CLIENTS,
  "Clients are imported only by their own room: packages/kafka, packages/mqtt, packages/bigquery, packages/kubernetes.",
];

export default tseslint.config(
  { ignores: ["node_modules", ".local", "k8s-out", "coverage"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["*.js"] } } },
    rules: {
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
      "no-restricted-properties": [
        "error",
        { object: "process", property: "env", message: "Only config.ts reads the environment." },
        { object: "Date", property: "now", message: "Only packages/runtime/clock.ts reads the clock." },
      ],
      "no-restricted-syntax": [
        "error",
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: "Only packages/runtime/clock.ts reads the clock.",
        },
      ],
    },
  },
  { files: ["**/*.js"], ...tseslint.configs.disableTypeChecked },
  { files: ["**/config.ts", ...TESTS, "tools/**"], rules: { "no-restricted-properties": "off" } },
  {
    files: ["packages/runtime/clock.ts", ...TESTS, "tools/**"],
    rules: { "no-restricted-properties": "off", "no-restricted-syntax": "off" },
  },
  {
    files: TESTS,
    rules: {
      "max-lines-per-function": "off",
      "max-lines": ["error", { max: 500, skipBlankLines: true, skipComments: true }],
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  // Imports go one way: events, windows <- kafka, mqtt, bigquery <- services, operator. See ARCHITECTURE.md.
  {
    files: ["packages/events/**", "packages/windows/**"],
    ignores: ["**/test/**", "**/bench/**"],
    rules: forbid(
      ["^#(?!events|windows)", CLIENTS, "^node:", "services/", "local/"],
      "events and windows are pure: no I/O, no other room.",
    ),
  },
  {
    files: ["packages/runtime/**"],
    ignores: ["**/test/**", "**/bench/**"],
    rules: forbid(
      ["^#(?!runtime)", CLIENTS, "services/", "local/"],
      "runtime stands under everything and knows no other room.",
    ),
  },
  {
    files: ["packages/fleets/**"],
    ignores: ["**/test/**", "**/bench/**"],
    rules: forbid(
      ["^#(?!runtime|events)", CLIENTS, "^node:", "services/", "local/"],
      "fleets says what a fleet is: no I/O, no room but events and runtime.",
    ),
  },
  {
    files: ["packages/{kafka,mqtt,bigquery,kubernetes}/**"],
    ignores: ["**/test/**", "**/bench/**"],
    rules: forbid(
      ["^#(?!runtime|events|kafka|mqtt|bigquery|windows)", "services/", "local/"],
      "Client rooms know events, windows and runtime.",
    ),
  },
  {
    files: ["services/**", "operator/**"],
    ignores: ["**/test/**", "**/bench/**"],
    rules: forbid(
      [CLIENTS, "^#(testkit|local)", "local/", "\\.\\./\\.\\./services/", "\\.\\./\\.\\./charts/"],
      clientRule[1] + " Services never import each other.",
    ),
  },
  {
    files: ["charts/**"],
    ignores: ["**/test/**"],
    rules: forbid(
      [
        CLIENTS,
        "^#(?!runtime|events|fleets)",
        "(services|local)/(?!.*/config\\.ts$)",
        "operator/(?!api/|(config|rights|credentials/names)\\.ts$)",
      ],
      "Charts know the configuration of each program and the definition of SensorFleet, nothing else of them.",
    ),
  },
  {
    files: ["local/bigquery/**"],
    ignores: ["**/test/**", "**/bench/**"],
    rules: forbid(
      ["^#(?!runtime)", "^(kafkajs|mqtt)$", "services/"],
      "The embedded BigQuery knows runtime only; programs reach it through its wire protocol.",
    ),
  },
);
