#pragma once

namespace qs {

enum class SignRule { none, marshall };  // marshall: sublattice rotation from a two-colouring of the shell-1 bonds

}  // namespace qs
