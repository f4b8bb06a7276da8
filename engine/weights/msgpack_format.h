// Inside engine/weights only: tags of MessagePack (github.com/msgpack/msgpack/blob/master/spec.md) and what flax puts on top of it. Lengths and
// numbers are big endian; tags that differ in the width of a length (1, 2, 4 bytes) follow each other.
#pragma once

#include <cstdint>
#include <string_view>

namespace qs::msgpack {

inline constexpr std::uint8_t fix_map = 0x80, fix_array = 0x90, fix_str = 0xa0;  // the length is in the low bits
inline constexpr std::uint8_t nil_value = 0xc0, false_value = 0xc2, true_value = 0xc3;
inline constexpr std::uint8_t bin_8 = 0xc4, bin_32 = 0xc6;
inline constexpr std::uint8_t ext_8 = 0xc7, ext_32 = 0xc9;
inline constexpr std::uint8_t float_32 = 0xca, float_64 = 0xcb;
inline constexpr std::uint8_t uint_8 = 0xcc, uint_64 = 0xcf;
inline constexpr std::uint8_t int_8 = 0xd0, int_64 = 0xd3;
inline constexpr std::uint8_t fix_ext_1 = 0xd4, fix_ext_16 = 0xd8;  // 1, 2, 4, 8, 16 bytes
inline constexpr std::uint8_t str_8 = 0xd9, str_32 = 0xdb;
inline constexpr std::uint8_t array_16 = 0xdc, array_32 = 0xdd, map_16 = 0xde, map_32 = 0xdf;

inline constexpr int array_extension = 1, complex_extension = 2, scalar_extension = 3;
inline constexpr std::string_view chunked_key = "__msgpack_chunked_array__";

}  // namespace qs::msgpack
