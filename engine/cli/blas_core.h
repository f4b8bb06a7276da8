// Which kernels OpenBLAS uses.
#pragma once

namespace qs {

// OpenBLAS chooses its kernels while it is loaded, and version 0.3.21 takes AVX2 ones on AVX-512 processors newer than itself, at half the speed
// of its AVX-512 ones. Only the environment can overrule it, so the program starts itself once more with OPENBLAS_CORETYPE set.
// Returns if that is not needed: no AVX-512, a choice made by the user, or no way to restart. To be called before anything else.
void prefer_wide_blas_kernels(char** argv);

}  // namespace qs
