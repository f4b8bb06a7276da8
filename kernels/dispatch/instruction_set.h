// Which of the compiled instruction sets the cpu device uses.
#pragma once

namespace qs {

enum class InstructionSet { baseline, avx2, avx512 };

// The widest set that both this machine and its operating system support.
InstructionSet supported_instruction_set();

// The set named by `requested` (the value of QSTAGE_ISA; nullptr: none) or the supported one, whichever is lower. Throws InputError for an
// unknown name.
InstructionSet choose_instruction_set(InstructionSet supported, const char* requested);

// The choice for this process, made at the first call.
InstructionSet active_instruction_set();

const char* name_of(InstructionSet set);

}  // namespace qs
