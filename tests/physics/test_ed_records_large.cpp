// Exact ground-state energies of sectors with up to 3.3 million states. Sources and conventions: as test_ed_records.cpp.
#include "tests/physics/ed_record.h"

namespace qs::test {
namespace {

// One of spins and one of fermions with every change (two minutes), the others nightly (ctest -C Nightly).
const EdRecord every_change[] = {
    {"heisenberg", "square", {4, 6}, 12, -1, {{"J2", 0.5}}, 24 * -0.522524935367, 1e-9},
    {"hubbard", "square", {4, 4}, 4, 4, {{"U", 4}}, -17.5348977966, 1e-9},
};

const EdRecord nightly[] = {
    // Heisenberg rings and open chains
    {"heisenberg", "chain", {22}, 11, -1, {}, -9.78688065175, 1e-9},
    {"heisenberg", "chain", {20}, 10, -1, {}, -8.6824733344, 1e-9, Boundary::open},
    {"heisenberg", "chain", {24}, 12, -1, {}, -10.6700145165, 1e-9},
    {"heisenberg", "chain", {24}, 12, -1, {{"J2", 0.2411}}, -9.67257183194, 1e-9},
    {"heisenberg", "chain", {24}, 12, -1, {{"J2", 0.5}}, -0.375 * 24, 1e-9},
    // 4x6, per site
    {"heisenberg", "square", {4, 6}, 12, -1, {}, 24 * -0.689688074749, 1e-9},
    {"heisenberg", "triangular", {4, 6}, 12, -1, {}, 24 * -0.552332500183, 1e-9},
    {"shastry_sutherland", "square", {4, 6}, 12, -1, {{"Js", 0.5}}, 24 * -0.375, 1e-9},
    {"shastry_sutherland", "square", {4, 6}, 12, -1, {{"Js", 0.6}}, 24 * -0.375, 1e-9},
    {"shastry_sutherland", "square", {4, 6}, 12, -1, {{"Js", 0.7}}, 24 * -0.395343917473, 1e-9},
    {"shastry_sutherland", "square", {4, 6}, 12, -1, {{"Js", 0.77}}, 24 * -0.440196657897, 1e-9},
    {"shastry_sutherland", "square", {4, 6}, 12, -1, {{"Js", 0.8}}, 24 * -0.459868844941, 1e-9},
    {"shastry_sutherland", "square", {4, 6}, 12, -1, {{"Js", 0.9}}, 24 * -0.526383768628, 1e-9},
    {"shastry_sutherland", "square", {4, 6}, 12, -1, {{"Js", 1}}, 24 * -0.593734286042, 1e-9},
    // t-V ring of 20
    {"tv", "chain", {20}, 10, -1, {{"V", 1}}, -9.91491273814, 1e-9},
    {"tv", "chain", {20}, 10, -1, {{"V", 2}}, -7.67239264936, 1e-9},
    {"tv", "chain", {20}, 10, -1, {{"V", 4}}, -4.68810249022, 1e-9},
    // Hubbard 4x4, 3.3 million states; 14-site ring
    {"hubbard", "square", {4, 4}, 4, 4, {{"U", 2}}, -18.4954366195, 1e-9},
    {"hubbard", "square", {4, 4}, 4, 4, {{"U", 8}}, -16.4606267537, 1e-9},
    {"hubbard", "square", {4, 4}, 4, 4, {{"U", 10}}, -16.1432081702, 1e-9},
    {"hubbard", "chain", {14}, 4, 4, {{"U", 1}}, -12.762822785870, 1e-9},
    {"hubbard", "chain", {14}, 4, 4, {{"U", 10}}, -9.945093959691, 1e-9},
};

TEST_P(EdRecords, GroundStateEnergyHasThePublishedDigits) { expect_record(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EveryChange, EdRecords, ::testing::ValuesIn(every_change));
INSTANTIATE_TEST_SUITE_P(Nightly, EdRecords, ::testing::ValuesIn(nightly));

}  // namespace
}  // namespace qs::test
