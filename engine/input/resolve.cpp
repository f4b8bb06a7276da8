// What the table cannot say: inheritance of stages, keys that exclude or need each other.
#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/input/resolve_steps.h"
#include "engine/input/schema.h"
#include "engine/input/validate.h"

namespace qs::input {
namespace {

// `move` -> `moves`, and exactly one of the two.
void resolve_moves(const Schema& schema, Node::Data& sampler, Diagnostics& diagnostics) {
  if (word_of(sampler, "kind") != "metropolis") return;
  const DataPtr move = sampler.find("move"), moves = sampler.find("moves");
  if (!move || !moves) return;
  const bool one = !move->is(Form::null), many = !moves->is(Form::null);
  if (one && many) {
    diagnostics.error(moves->key_where, fmt::format("{} contradicts {} (one proposal or a mixture; keep one)", moves->path, move->path));
  } else if (!one && !many) {
    diagnostics.error(sampler.where, fmt::format("{} needs 'move' or 'moves' (how configurations change, e.g. move: {{kind: {}}})", sampler.path,
                                                 joined(schema.kinds_of("moves"), "|")));
  } else if (one && move->is(Form::map)) {
    replace(sampler, "moves", make_list(*move, {move}));
    replace(sampler, "move", null_like(*move));
  }
}

void check_samples(const Node::Data& sampler, const Node::Data& blame, Diagnostics& diagnostics) {
  const DataPtr samples = find_form(sampler, "samples", Form::integer), chains = find_form(sampler, "chains", Form::integer);
  if (!samples || !chains || samples->integer % chains->integer == 0) return;
  const std::int64_t up = (samples->integer / chains->integer + 1) * chains->integer;
  diagnostics.error(blame.where, fmt::format("{}.samples {} is not a multiple of {}.chains {} (every chain gives equally many samples); try {}",
                                             sampler.path, samples->integer, sampler.path, chains->integer, up));
}

// The key the user can change: the one written here, else the section.
const Node::Data& written(const Node::Data& map, const Node::Data& fallback) {
  for (const char* key : {"samples", "chains"})
    if (const DataPtr data = map.find(key); data && data->given) return *data;
  return fallback;
}

void check_both_moves(const Node::Data& override, Diagnostics& diagnostics) {
  if (const DataPtr move = override.find("move"), moves = override.find("moves"); move && moves && move->given && moves->given)
    diagnostics.error(moves->key_where, fmt::format("{} contradicts {} (one proposal or a mixture; keep one)", moves->path, move->path));
}

void resolve_sampler(const Schema& schema, Node::Data& stage, const Node::Data& root, Diagnostics& diagnostics) {
  const DataPtr own = stage.find("sampler");
  const DataPtr global = find_form(root, "sampler", Form::map);
  if (!own || own->is(Form::invalid)) return;
  if (own->is(Form::null)) {
    if (global) return replace(stage, "sampler", copy_to(*global, own->path));
    const DataPtr any = root.find("sampler");
    if (!any || any->is(Form::null))
      diagnostics.error(
          stage.where,
          fmt::format("{} needs a sampler (it draws configurations); add one here or at the top, e.g. sampler: {{kind: metropolis, move: {{kind: "
                      "exchange}}}}",
                      stage.path));
    return;
  }
  if (complete(*own, global)) {
    resolve_moves(schema, *own, diagnostics);
    return check_samples(*own, written(*own, *own), diagnostics);
  }
  check_both_moves(*own, diagnostics);
  const DataPtr merged = laid_over(*own, *global);
  if (own->find("move") && !own->find("moves")) resolve_moves(schema, *merged, diagnostics);
  if (own->find("samples") || own->find("chains")) check_samples(*merged, written(*own, *own), diagnostics);
  replace(stage, "sampler", merged);
}

void resolve_family(const Schema& schema, Node::Data& stage, const Node::Data& system, Diagnostics& diagnostics) {
  if (const DataPtr held_out = find_form(stage, "held_out", Form::map)) check_family(schema, *held_out, system, diagnostics);
  const DataPtr own = stage.find("family"), global = system.find("family");
  if (!own) return;
  check_family(schema, *own, system, diagnostics);
  if (own->is(Form::null) && global && global->is(Form::map)) replace(stage, "family", copy_to(*global, own->path));
}

void check_needs(const Schema& schema, const Node::Data& stage, const Node::Data& root, Diagnostics& diagnostics) {
  const std::string kind = word_of(stage, "kind");
  const auto needs = schema.needs().find({"stages", kind});
  if (needs == schema.needs().end()) return;
  for (const std::string& section : needs->second) {
    if (const DataPtr found = root.find(section); found && found->is(Form::null))
      diagnostics.error(stage.where,
                        fmt::format("{} needs a {} (a stage of kind {} works on one); add the key '{}'", stage.path, section, kind, section));
  }
}

void check_power(const Node::Data& stage, Diagnostics& diagnostics) {
  const DataPtr power = stage.find("power");
  if (power && power->given && !power->is(Form::null) && !find_form(stage, "rows", Form::integer))
    diagnostics.error(
        power->key_where,
        fmt::format("{} has no effect on the full basis (it says how rows are drawn); give {}.rows a number, or drop it", power->path, stage.path));
}

}  // namespace

void resolve(const Schema& schema, Node::Data& root, Diagnostics& diagnostics) {
  resolve_systems(root, diagnostics);
  const DataPtr system = find_form(root, "system", Form::map);
  if (system) {
    if (const DataPtr lattice = find_form(*system, "lattice", Form::map)) resolve_lattice(*lattice, diagnostics);
    resolve_couplings(schema, *system, diagnostics);
  }
  if (const DataPtr sampler = find_form(root, "sampler", Form::map)) {
    resolve_moves(schema, *sampler, diagnostics);
    check_samples(*sampler, written(*sampler, *sampler), diagnostics);
  }
  if (const DataPtr stages = find_form(root, "stages", Form::list))
    for (const DataPtr& stage : stages->items) {
      if (!stage->is(Form::map)) continue;
      check_needs(schema, *stage, root, diagnostics);
      check_power(*stage, diagnostics);
      resolve_sampler(schema, *stage, root, diagnostics);
      if (system) resolve_family(schema, *stage, *system, diagnostics);
    }
  resolve_wavefunction(schema, root, diagnostics);
}

}  // namespace qs::input
