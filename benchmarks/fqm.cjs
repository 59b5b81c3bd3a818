// One side of `benchmarks.cql`: fqm-execution over the same bundles and the same ELM, in one batch.
// node fqm.cjs MODULES FOLDER ELM: prints seconds by phase, and the numerator's ids into FOLDER/fqm.json.
const fs = require('fs');
const [modules, folder, elmFile] = process.argv.slice(2);
const { Calculator } = require(`${modules}/fqm-execution`);

const start = performance.now();
const lines = fs.readFileSync(`${folder}/bundles.ndjson`, 'utf8').trim().split('\n');
const bundles = lines.map(line => JSON.parse(line));
const read = performance.now();

// The other engine reads FHIR primitives as plain values; this one wraps them, as FHIRHelpers would expect.
const PLAIN = new Set(['status', 'system', 'started', 'performed', 'code']);
function unwrapped(node, parent) {
  if (Array.isArray(node)) return node.map(item => unwrapped(item, parent));
  if (node === null || typeof node !== 'object') return node;
  const made = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, unwrapped(value, node)]));
  const primitive = node.type === 'Property' && PLAIN.has(node.path) && !(parent && parent.type === 'Property');
  return primitive ? { type: 'Property', path: 'value', source: made } : made;
}
const elm = unwrapped(JSON.parse(fs.readFileSync(elmFile, 'utf8')), null);
const url = 'http://example.org/Library/LiverImaging';
const population = (code, expression) => ({
  id: code,
  code: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/measure-population', code }] },
  criteria: { language: 'text/cql.identifier', expression }
});
const library = {
  resourceType: 'Library', id: 'LiverImaging', url, version: '1.0.0', status: 'active',
  type: { coding: [{ code: 'logic-library' }] },
  content: [{ contentType: 'application/elm+json', data: Buffer.from(JSON.stringify(elm)).toString('base64') }]
};
const measure = {
  resourceType: 'Measure', id: 'liver', url: 'http://example.org/Measure/liver', status: 'active',
  library: [url], scoring: { coding: [{ code: 'proportion' }] },
  group: [{ id: 'g', population: [
    population('initial-population', 'Initial Population'), population('denominator', 'Initial Population'),
    population('denominator-exclusion', 'Denominator Exclusion'), population('numerator', 'Numerator')
  ] }]
};
const measureBundle = { resourceType: 'Bundle', type: 'collection', entry: [{ resource: measure }, { resource: library }] };
const options = {
  calculateHTML: false, calculateSDEs: false, calculateClauseCoverage: false, trustMetaProfile: false,
  measurementPeriodStart: '2000-01-01', measurementPeriodEnd: '2100-01-01'
};
Calculator.calculate(measureBundle, bundles, options).then(({ results }) => {
  const done = performance.now();
  const found = results
    .filter(r => r.detailedResults[0].populationResults.some(p => p.populationType === 'numerator' && p.result))
    .map(r => r.patientId);
  fs.writeFileSync(`${folder}/fqm.json`, JSON.stringify(found));
  console.log(JSON.stringify({ reading: (read - start) / 1000, evaluating: (done - read) / 1000, size: found.length }));
}).catch(error => { console.error(error); process.exit(1); });
