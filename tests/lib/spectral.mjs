// All rules of OpenAPI; but what leads a browser on or changes the protocol has no 2xx.
import { oas } from "@stoplight/spectral-rulesets";

// Spectral resolves each reference, so that an error's schema with its example stands in the
// document as often as operations name it, and compiles it at each place: most of its time. The
// same example of the same schema is judged once; requests and answers are, as it does, told apart
// by the words of the path.
const words = ["paths", "components", "parameters", "requestBody", "requestBodies", "responses", "headers", "content", "schema", "schemas", "callbacks"];
function once(rule) {
    const judge = rule.then.function, judged = new Set();
    const function_ = (target, options, context) => {
        const key = JSON.stringify([context.path.filter((it) => words.includes(it)), target]);
        if (judged.has(key)) return undefined;
        judged.add(key);
        return judge(target, options, context);
    };
    return { ...rule, then: { ...rule.then, function: function_ } };
}

export default {
    extends: [oas],
    rules: {
        "operation-success-response": "off",
        "oas3-valid-media-example": once(oas.rules["oas3-valid-media-example"]),
        "oas3-valid-schema-example": once(oas.rules["oas3-valid-schema-example"]),
    },
};
