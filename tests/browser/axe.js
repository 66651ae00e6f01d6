// What axe-core says about the page, as little as is asked for. Called after the source of axe was evaluated.
async ({ context, rules }) => {
    const told = await axe.run(context || document, { rules, resultTypes: ["violations", "incomplete"] });
    const nodes = (rule) =>
        rule.nodes.map((node) => ({ target: node.target.flat().join(" "), html: node.html, why: node.failureSummary ?? "" }));
    const ran = {};
    for (const outcome of ["inapplicable", "passes", "incomplete", "violations"])
        for (const rule of told[outcome]) ran[rule.id] = outcome;
    const full = (rule) => ({ rule: rule.id, impact: rule.impact ?? "", help: rule.help, nodes: nodes(rule) });
    return { version: told.testEngine.version, ran, violations: told.violations.map(full), incomplete: told.incomplete.map(full) };
};
