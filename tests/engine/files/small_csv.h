// The smallest interesting Q-stage file: one particle on three sites.
#pragma once

#include <string>

namespace qs::test {

inline const std::string kSmallName = "data/gsWaveFn_Ns3_Np1_Vnn1.5.csv";
inline const std::string kHeaderLine = "delta,Eigenvalue_0,Eigenvalue_1,Eigenvalue_2,Eigenvalue_3,GroundStateWaveFunction_real,bitmask";

inline std::string csv_with(const std::string& row) { return kHeaderLine + "\n" + row + "\n"; }
inline std::string small_csv() { return csv_with("0.1,[1.25 -2.5  3. ],(0.64+0j),(6e-1+0j),-0.48j,1,2,4"); }

}  // namespace qs::test
